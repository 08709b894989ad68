"""What the examples speak of together: one consignment, one job, one visit."""

from datetime import date

CONSIGNMENT = "3f0a6c52-9d1e-4b7a-8a43-6c1de2f0b915"
ALLOCATION = "b7d4e8f1-2c63-4a59-9e0d-5f8a1b3c7d26"
REQUEST = "2b8e5f14-6a9c-4d37-b1f0-7c3d9e5a8b62"
LOAN = "e8a1c4f7-5b2d-4960-8e3f-1d7a9c5b4e20"
RETURN = "64d9b2e7-0f3a-4c85-9b1e-a2d6f8c4e073"
JOB = "c1e5a9d3-7b24-4f68-8d1a-9e3f5b7c2a40"
CLAIM = "7e4b1d90-5c2f-4a86-b3d8-1f6a9c0e7b52"
RIBBON = "a6c3f0e8-4d17-4b92-8e5a-3b7d1f9c2e64"
RECORDING = "9a2b4c6d-8e1f-4a3b-b5c7-d9e1f3a5b7c9"
VISIT = "5d7f9a1b-3c5e-4d7f-a9b1-c3e5f7a9b1d3"
PROMISED_ON = date(2024, 11, 20)
