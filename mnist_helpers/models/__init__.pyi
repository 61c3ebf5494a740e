from .convolution import Conv2D as Conv2D
from .im2col import Im2colConv2D as Im2colConv2D, PatchNet as PatchNet
from .in_blocks import InBlocks as InBlocks
from .networks import (
    MLP as MLP,
    NETWORKS as NETWORKS,
    AlexNet as AlexNet,
    ConvNet as ConvNet,
    LeNet5 as LeNet5,
    Linear as Linear,
    LinearRegressor as LinearRegressor,
    create as create,
    parameter_count as parameter_count,
)
from .outputs import digits_in as digits_in, softmax as softmax
from .weights import (
    arrays_in as arrays_in,
    fingerprint as fingerprint,
    load_weights as load_weights,
    save_weights as save_weights,
)
