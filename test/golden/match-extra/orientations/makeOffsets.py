"""Offsets of defocus and pixel size as Leopard-EM 1.2 searches them, for test/golden/match-extra/orientations."""

import json
import random

from leopard_em.utils.search_utils import get_search_tensors

random.seed(3)
cases = [(-0.03, 0.03, 0.01), (-0.04, 0.04, 0.02), (-0.01, 0.02, 0.015), (-1.0, 1.0, 1 / 3), (-600.0, -100.0, 300.0)]
cases += [(137.5, 140.0, 0.5), (-130.0, 270.0, 200.0), (0.0, 0.0, 0.1), (-1e-7, 0.3, 0.1)]
for _ in range(60):
    step = random.choice([0.001, 0.005, 0.01, 0.025, 0.1, 0.3, 50.0, 70.0])
    low = -step * random.randint(0, 12)
    cases.append((round(low, 6), round(low + step * random.randint(0, 20), 6), step))
out = []
for i, (low, high, step) in enumerate(cases):
    skip = i % 3 == 2
    values = [float(f"{v:.8g}") for v in get_search_tensors(low, high, step, skip).tolist()]
    out.append({"min": low, "max": high, "step": step, "skip": skip, "values": values})
with open("offsets.json", "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in out) + "\n]\n")
