"""Kernels in Triton, each beside its torch reference in the same file.

Importing a kernel's module needs Triton; without a GPU it runs in the interpreter (TRITON_INTERPRET=1
set before the import), which is for tests.
"""
