"""Keeps a FIFO open for reading and writing: keeps_open.py FIFO"""
import os
import sys

from said import hold, ready

os.open(sys.argv[1], os.O_RDWR)
ready()
hold()
