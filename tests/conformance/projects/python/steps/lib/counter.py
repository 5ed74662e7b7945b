count = 0


def increment() -> int:
    global count
    count += 1
    return count
