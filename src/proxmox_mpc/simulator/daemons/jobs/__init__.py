"""Jobs that run at calendar times: backups, synchronization of realms, replication.

Each file says which jobs there are and what running one means; `scheduler` waits for their times. Schedules follow the
clock's calendar whatever the time scale is: what they start takes as long as the scale says.
"""
