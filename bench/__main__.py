"""`python -m bench`."""

from .run import main

if __name__ == "__main__":
    main()
