"""What became of every path and row: several generations of both servers laid against one another.

values    what is said of a path, and what was seen of it
clocks    generations in order, and how far the two servers' clocks are apart
policy    how the copy treated modification times, measured on files whose content is equal
rules     the table: from what was seen to a verdict, first match counts
parts     proof that a file is the beginning of a longer one
drift     rights, owners, attributes, hard links: beside every verdict
site      one site: what is plainly equal in columns, all else by the rules
moves     what went and came under another name
grouping  folders that went back as a whole, sites that were renamed
blind     what nobody can have seen, and what stands still though it never did
rows      the rows of databases
wording   what may be said at which confidence
audit     all sites in turn, and the count
"""
