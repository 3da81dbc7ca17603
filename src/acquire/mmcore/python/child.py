"""The process that holds MMCore for Vitrine: see vitrine_mmcore/main.py. Needs pymmcore and numpy."""
from vitrine_mmcore.main import main

if __name__ == "__main__":
    main()
