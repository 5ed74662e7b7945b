"""What `runtime doctor` looks at: one file a topic.

Each check finds that all is well, or what is wrong and what mends it. None runs code of a step, changes the project, or
shows the value of a variable.
"""
