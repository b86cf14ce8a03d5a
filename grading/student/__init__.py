"""All of grading that the sandbox sees, and nothing else: every file here is shown to student code.

It runs the cells and answers for the student's functions; nothing that it says is trusted. The other side uses of it
only the wire, the list of libraries that do the work, and what stands here.
"""

OWN = ("/student", "/tmp", "/dev/shm")  # folders that a submission may write to, new for each
