"""What our web process is compared with: programs that uvicorn serves just as it serves ours."""
