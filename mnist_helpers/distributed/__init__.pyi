from .elastic import etcd_here as etcd_here, launch_elastic as launch_elastic
from .hosts import launch_on_hosts as launch_on_hosts
from .jobs import Job as Job
from .launching import (
    launch as launch,
    run_alone as run_alone,
)
from .workers import (
    ALONE as ALONE,
    Group as Group,
    Workers as Workers,
    join as join,
)
