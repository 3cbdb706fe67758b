"""Data sets: files on disk to arrays, their digest, and the cut into training, validation and test.

    from ablate.datasets import digits
    from ablate.datasets.splits import cut

    data = digits.load(data_dir=None)                # RawData: everything the source holds
    parts = cut(data, validation_fraction=0.1, validation_last=None, split_seed=0)
    parts.train.features                             # uint8 [examples, 8, 8, 1]

One file a data set or a format of your own data, with a function `load(data_dir, …)`, named by a leaf of
conf/dataset. Pixels stay uint8; they are scaled on the device. What a loader gives goes through `checks`
before anything trains on it; `facts` tells what a plan must know of a data set without loading it again.
"""
