print("halfopen")
