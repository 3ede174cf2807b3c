"""Ways of masking: text columns in, text columns of the same length out. Null stays null, empty text empty.

Characters are Unicode code points, as the utf8 kernels of Arrow count them.
"""
