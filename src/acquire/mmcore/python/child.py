"""A process for Vitrine that holds MMCore ("mmcore") or an image processor alone ("processor"): see vitrine_mmcore/main.py."""
import sys

from vitrine_mmcore.main import main

if __name__ == "__main__":
    main(sys.argv[1])
