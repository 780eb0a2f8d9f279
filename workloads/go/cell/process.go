package main

// The process as the kernel sees it: clocks, memory, faults, counters.
//
// What is called next to the timed run makes system calls into memory that is there already, because
// an allocation would be the harness's and count as the workload's. Descriptors are opened before.

import (
	"bytes"
	"fmt"
	"syscall"
	"unsafe"
)

const (
	clockMonotonic  = 1
	clockProcessCPU = 2

	perfEnable  = 0x2400 // PERF_EVENT_IOC_ENABLE
	perfDisable = 0x2401
)

// usageCounts is what the process has taken.
type usageCounts struct{ minorFaults, majorFaults, contextSwitches uint64 }

type counterReading struct{ value, enabledNS, runningNS uint64 }

// process is where readings go; none of its methods allocates.
type process struct {
	statusFD, clearFD int // -1: not to be had
	text              [8192]byte
	now               syscall.Timespec
	used              syscall.Rusage
	counters          []int
	readings          []counterReading
}

func openProcess(counters []int) *process {
	return &process{
		statusFD: openOrNone("/proc/self/status", syscall.O_RDONLY),
		clearFD:  openOrNone("/proc/self/clear_refs", syscall.O_WRONLY),
		counters: counters,
		readings: make([]counterReading, len(counters)),
	}
}

func openOrNone(path string, flags int) int {
	fd, err := syscall.Open(path, flags|syscall.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	return fd
}

func (p *process) clockNS(clock uintptr) uint64 {
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clock, uintptr(unsafe.Pointer(&p.now)), 0)
	return uint64(p.now.Nano())
}

// statusBytes is the line of /proc/self/status that begins with key, in KiB, as bytes; 0: not known.
func (p *process) statusBytes(key []byte) uint64 {
	count, err := syscall.Pread(p.statusFD, p.text[:], 0)
	if err != nil || count <= 0 {
		return 0
	}
	at := bytes.Index(p.text[:count], key)
	if at < 0 {
		return 0
	}
	var kib uint64
	for _, c := range p.text[at+len(key) : count] {
		if c >= '0' && c <= '9' {
			kib = kib*10 + uint64(c-'0')
		} else if c != ' ' && c != '\t' {
			break
		}
	}
	return kib * 1024
}

var (
	residentKey     = []byte("\nVmRSS:")
	residentPeakKey = []byte("\nVmHWM:")
	clearPeak       = []byte("5")
)

func (p *process) residentBytes() uint64     { return p.statusBytes(residentKey) }
func (p *process) residentBytesPeak() uint64 { return p.statusBytes(residentPeakKey) }

// resetPeak makes the peak begin again; false where the kernel does not let us.
func (p *process) resetPeak() bool {
	count, err := syscall.Write(p.clearFD, clearPeak)
	return err == nil && count == 1
}

func (p *process) usage() usageCounts {
	syscall.Getrusage(syscall.RUSAGE_SELF, &p.used)
	return usageCounts{
		minorFaults:     uint64(p.used.Minflt),
		majorFaults:     uint64(p.used.Majflt),
		contextSwitches: uint64(p.used.Nvcsw + p.used.Nivcsw),
	}
}

func (u usageCounts) since(before usageCounts) usageCounts {
	return usageCounts{
		minorFaults:     u.minorFaults - before.minorFaults,
		majorFaults:     u.majorFaults - before.majorFaults,
		contextSwitches: u.contextSwitches - before.contextSwitches,
	}
}

func (p *process) switchCounters(request uintptr) {
	for _, fd := range p.counters {
		if fd >= 0 {
			syscall.RawSyscall(syscall.SYS_IOCTL, uintptr(fd), request, 0)
		}
	}
}

// readCounters reads each event's value and the times it was enabled and ran.
func (p *process) readCounters() {
	for i, fd := range p.counters {
		reading := (*[24]byte)(unsafe.Pointer(&p.readings[i]))
		if fd < 0 {
			continue
		}
		if count, err := syscall.Read(fd, reading[:]); err != nil || count != len(reading) {
			p.readings[i] = counterReading{}
		}
	}
}

// limitMemory sets a limit of the cell's own, so that a runaway does not exhaust the machine.
// RLIMIT_DATA counts private writable memory, not reservations.
func limitMemory(bytes uint64) error {
	if bytes == 0 {
		return nil
	}
	limit := syscall.Rlimit{Cur: bytes, Max: bytes}
	if err := syscall.Setrlimit(syscall.RLIMIT_DATA, &limit); err != nil {
		return fmt.Errorf("%w set a memory limit of %d bytes: %v", errCannot, bytes, err)
	}
	return nil
}
