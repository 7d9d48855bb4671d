"""Exporters: a data set on disk becomes what another project's trainer reads.

`framework` says what an exporter is, `easyr1`, `ms_swift` and `llava_json` are the exporters, `rows` reads the data
set, `frames` writes its pictures, and the two `*_reward.py` files are copied into the output: the rewards of this
project behind the other framework's signature.
"""
