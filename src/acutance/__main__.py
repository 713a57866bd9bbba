"""``python -m acutance`` is the command ``acutance``."""

from acutance.cli.app import main

if __name__ == "__main__":
    main()
