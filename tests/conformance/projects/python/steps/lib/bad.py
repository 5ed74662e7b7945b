value = int("nowhere")  # the fault
