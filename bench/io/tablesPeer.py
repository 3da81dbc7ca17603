"""Tables by starfile and pandas, for bench/io/tables.js: a line of JSON in, a line out."""

import json
import resource
import sys

import pandas
import starfile

tables = {}
for line in sys.stdin:
    question = json.loads(line)
    path = question["path"]
    match question["do"]:
        case "read star":
            tables["star"] = starfile.read(path)
        case "write star":
            starfile.write(tables["star"], path, overwrite=True)
        case "read csv":
            tables["csv"] = pandas.read_csv(path)
        case "write csv":
            tables["csv"].to_csv(path, index=False)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"peakMiB": peak}), flush=True)
