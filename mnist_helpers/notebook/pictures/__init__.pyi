from .checkpoints import (
    cut_run as cut_run,
    save_timeline as save_timeline,
    way_to_the_disk as way_to_the_disk,
)
from .convolution import (
    conv_net_shapes as conv_net_shapes,
    padding_and_pooling as padding_and_pooling,
    window_slides as window_slides,
    windows_and_maps as windows_and_maps,
)
from .data import (
    broadcast_bug as broadcast_bug,
    course_file as course_file,
    idx_header as idx_header,
    one_lock_or_two as one_lock_or_two,
    splits as splits,
    synchronous_and_queue as synchronous_and_queue,
)
from .deployment import (
    dynamic_and_static as dynamic_and_static,
    four_roads as four_roads,
    request_way as request_way,
)
from .diagnosis import (
    matrix_read as matrix_read,
    probe_on_a_wire as probe_on_a_wire,
    reading_curves as reading_curves,
)
from .gradients import (
    back_propagation as back_propagation,
    chain_through_a_layer as chain_through_a_layer,
)
from .im2col import patch_matrix as patch_matrix
from .losses import (
    minus_log as minus_log,
    names_are_not_amounts as names_are_not_amounts,
    one_hot_meets_cross_entropy as one_hot_meets_cross_entropy,
    softmax_layer as softmax_layer,
    two_boxes as two_boxes,
    two_class_softmax_is_sigmoid as two_class_softmax_is_sigmoid,
)
from .networks import (
    fully_connected as fully_connected,
    linear_of_linear as linear_of_linear,
    unit as unit,
)
from .optimisers import (
    ball_with_memory as ball_with_memory,
    noise_in_the_valley as noise_in_the_valley,
    optimiser_card as optimiser_card,
    rate_too_small_right_too_large as rate_too_small_right_too_large,
    schedules as schedules,
)
from .overfitting import (
    dropped_units as dropped_units,
    more_evidence as more_evidence,
    overfitting_u as overfitting_u,
    pulled_to_zero as pulled_to_zero,
)
from .parallel import (
    other_workers as other_workers,
    pushes_and_pulls as pushes_and_pulls,
    ring_steps as ring_steps,
    server_and_ring as server_and_ring,
    server_times as server_times,
    two_hosts as two_hosts,
    ways_to_share as ways_to_share,
)
from .programs import loop_and_model as loop_and_model
from .quickstart import (
    model_and_number as model_and_number,
    one_step as one_step,
    training_loop as training_loop,
)
from .stages import pipeline as pipeline
