"""`python -m config.embedded <command>`: what ./fourgate does once everything is installed."""

import sys

from config.embedded import checks, running
from config.embedded.binaries import SetupProblem


def main() -> int:
    command, arguments = sys.argv[1], sys.argv[2:]
    try:
        if command == "up":
            return running.up()
        if command == "demo-reset":
            return running.demo_reset(confirmed="--yes" in arguments)
        if command == "check":
            return checks.check()
        if command == "bench":
            return running.with_services("-m", "bench", *arguments, durable=True)
        return running.with_services("-m", "config.screenshots", *arguments)
    except SetupProblem as problem:
        print(f"fourgate: {problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
