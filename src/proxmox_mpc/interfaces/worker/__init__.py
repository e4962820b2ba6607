"""Processes that work in the background: workers, which do jobs, and beats, which make the jobs of schedules.

What belongs here: how such a process starts, hears signals and ends. What never does: what a job is
(`bootstrap/jobs.py`) or when it is done (`jobs/`). Without a broker a worker takes its jobs from the table; with one,
Celery brings it their ids.
"""
