"""The Python side of Vitrine's MMCoreMicroscope."""
