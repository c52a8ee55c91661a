"""What the probes in Python share."""
import json
import sys


def jobs():
    return (json.loads(line) for line in sys.stdin)


def answer(do, job):
    """Prints what a job came to, or its error: the next one is done all the same."""
    try:
        result = do(job)
    except Exception as e:
        result = {"error": f"{type(e).__name__}: {e}"}
    print(json.dumps(result), flush=True)


def octets(value):
    return None if value is None else value.encode()


def text(value):
    return None if value is None else value.decode()
