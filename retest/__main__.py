"""`python -m retest`."""

from retest.cli import main

if __name__ == "__main__":
    main()
