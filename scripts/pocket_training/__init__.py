"""How the pocket model is trained: tokenizer, batches, optimizer, measurement.

Used by ``scripts/train_pocket.py`` only; knows nothing about what the data says.
"""
