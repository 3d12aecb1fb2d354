#!/bin/bash
source /cvmfs/helix/setup.sh
hsetup 25.2.0
