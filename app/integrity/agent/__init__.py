"""The agent: reads sites on the customer's server with nothing but Python 3.9's standard library.

It runs as part of Kept (`kept audit snapshot`) and as one file without it (`kept audit agent > kept-agent.pyz`).
Nothing in here may import anything of Kept's or anybody else's; pyarrow and blake3 are used where they are there.
"""

VERSION = "1"
