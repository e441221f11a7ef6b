"""A page with the networks inside, which reads, writes and explains in a browser.

Python puts weights and files together (weights.py, page.py); what the page does is JavaScript.
"""
