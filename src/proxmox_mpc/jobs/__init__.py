"""Work in the background: jobs that are claimed, done, watched and given back; schedules; the event bus.

What belongs here: when something is done, by whom, and what becomes of it when that one dies. What never does: knowing
what a job does. `bootstrap` gives it that as `perform(job, reporter)`, and a schedule's next job as `order`.
"""
