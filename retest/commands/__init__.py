"""The commands, one module each: reads what the user asks for, calls the stage that does it, prints the answer."""
