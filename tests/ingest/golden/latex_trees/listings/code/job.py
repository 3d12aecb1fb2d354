import helix
helix.run(energy=13.6)  # TeV
