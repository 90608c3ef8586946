"""When it runs: the queues, one thin job per step, the cron table, worker start-up.

RQ is only the wake-up. Every job takes ids, can run twice with the effect of once, and a periodic
job finds what a lost wake-up left behind.
"""
