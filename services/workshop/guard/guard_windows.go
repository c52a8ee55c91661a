package guard

import (
	"os"
	"os/exec"
	"unsafe"

	"golang.org/x/sys/windows"
)

// processGroup is a job object that this process is in as well. What it starts belongs to the job from the first moment
// on, and what is left is killed when this process ends, which closes the handle.
type processGroup struct{ job windows.Handle }

func newProcessGroup(*exec.Cmd) (processGroup, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return processGroup{}, err
	}
	var info windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	info.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	if _, err := windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info))); err != nil {
		return processGroup{}, err
	}
	return processGroup{job}, windows.AssignProcessToJobObject(job, windows.CurrentProcess())
}

// kill kills the program; what it has started ends with the guard.
func (processGroup) kill(first *os.Process) { first.Kill() }
