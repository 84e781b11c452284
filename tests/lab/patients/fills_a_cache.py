"""Fills a cache to its size and serves from it from then on: fills_a_cache.py MIB"""
import sys

from said import hold, ready

size = int(sys.argv[1])
cache = {key: bytes([key % 256]) * (1 << 20) for key in range(size)}
ready(entries=len(cache))
hold()
