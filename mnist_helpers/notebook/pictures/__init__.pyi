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
from .gradients import (
    back_propagation as back_propagation,
    chain_through_a_layer as chain_through_a_layer,
)
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
from .parallel import (
    other_workers as other_workers,
    pushes_and_pulls as pushes_and_pulls,
    ring_steps as ring_steps,
    server_and_ring as server_and_ring,
    server_times as server_times,
    two_hosts as two_hosts,
    ways_to_share as ways_to_share,
)
from .quickstart import (
    model_and_number as model_and_number,
    one_step as one_step,
    training_loop as training_loop,
)
from .stages import pipeline as pipeline
