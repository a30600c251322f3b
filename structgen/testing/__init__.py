"""Laws, references and tiny models for people who write plug-ins for structgen.

``reference``: a plain-Python matcher defined by what it means, not by how it is fast.
``laws``: assertions every matcher must satisfy.  ``models``: seeded random models of a few thousand
parameters.  ``enumeration``: the exact law of a tiny model.  ``statistics``: counts against a law.
``strategies``: Hypothesis strategies of whatever a schema lets a model emit; ``pytest_plugin``: the same as a
marker; ``emission``: what both draw with.

Nothing is imported here, so that the parts without torch can be used without it.
"""
