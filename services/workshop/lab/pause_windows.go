package lab

import "os"

var pause, resume os.Signal // none
