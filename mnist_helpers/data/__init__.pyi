from .batching import (
    batches as batches,
    draws as draws,
    shares as shares,
    shuffled as shuffled,
    to_floats as to_floats,
)
from .course_json import (
    read_course_json as read_course_json,
    write_course_json as write_course_json,
)
from .dataset import MnistDataset as MnistDataset
from .digits import SPLITS as SPLITS, Digits as Digits
from .formats import read_idx as read_idx, write_idx as write_idx
from .paddle_cache import paddle_files as paddle_files
from .pictures import (
    from_drawing as from_drawing,
    from_picture as from_picture,
    load_counted as load_counted,
    load_image as load_image,
)
from .sources import (
    Source as Source,
    cache_folder as cache_folder,
    find_source as find_source,
)
from .splits import load as load, split_of as split_of
