"""Scripts: as much of RouterOS's language as hotspot and PPP scripts of the field use.

What is not known makes a script fail as a router would, with a row in the log; it never fails the simulator.
https://help.mikrotik.com/docs/spaces/ROS/pages/47579229/Scripting
"""

from .jobs import run_jobs, run_now

__all__ = ["run_jobs", "run_now"]
