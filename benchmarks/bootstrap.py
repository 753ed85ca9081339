"""Start the runtime client as Lambda does: function first, then /opt/python, then the runtime's own folder.

Run as `python -I -S -B bootstrap.py HANDLER FOLDER…`: isolated, without site-packages, writing no bytecode
(on Lambda /var/task and /opt are read-only). Nothing but the folders named is importable.
"""

import sys

sys.path[:0] = sys.argv[2:]
del sys.argv[2:]

from awslambdaric.__main__ import main

main(sys.argv)
