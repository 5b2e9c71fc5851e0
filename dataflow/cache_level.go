package dataflow

import (
	"fmt"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// StorageLevel says where the rows of a persisted DataFrame are kept. The names
// are those of SQL and of Spark's Scala API; "_SER" levels keep the rows in
// serialized form, "_2" and "_3" on that many nodes. The empty text is Spark's
// default.
type StorageLevel string

// The storage levels of Spark.
const (
	StorageLevelNone              StorageLevel = "NONE"
	StorageLevelDiskOnly          StorageLevel = "DISK_ONLY"
	StorageLevelDiskOnly2         StorageLevel = "DISK_ONLY_2"
	StorageLevelDiskOnly3         StorageLevel = "DISK_ONLY_3"
	StorageLevelMemoryOnly        StorageLevel = "MEMORY_ONLY"
	StorageLevelMemoryOnly2       StorageLevel = "MEMORY_ONLY_2"
	StorageLevelMemoryOnlySer     StorageLevel = "MEMORY_ONLY_SER"
	StorageLevelMemoryOnlySer2    StorageLevel = "MEMORY_ONLY_SER_2"
	StorageLevelMemoryAndDisk     StorageLevel = "MEMORY_AND_DISK"
	StorageLevelMemoryAndDisk2    StorageLevel = "MEMORY_AND_DISK_2"
	StorageLevelMemoryAndDiskSer  StorageLevel = "MEMORY_AND_DISK_SER"
	StorageLevelMemoryAndDiskSer2 StorageLevel = "MEMORY_AND_DISK_SER_2"
	StorageLevelOffHeap           StorageLevel = "OFF_HEAP"
)

// storageFlagSet tell where rows are kept, beside the number of their copies.
type storageFlagSet struct{ disk, memory, offHeap, deserialized bool }

// storageFlags are the storageFlagSet of the levels that keep one copy.
var storageFlags = map[StorageLevel]storageFlagSet{
	StorageLevelNone:             {},
	StorageLevelDiskOnly:         {disk: true},
	StorageLevelMemoryOnly:       {memory: true, deserialized: true},
	StorageLevelMemoryOnlySer:    {memory: true},
	StorageLevelMemoryAndDisk:    {disk: true, memory: true, deserialized: true},
	StorageLevelMemoryAndDiskSer: {disk: true, memory: true},
	StorageLevelOffHeap:          {disk: true, memory: true, offHeap: true},
}

// storageCopies are the levels of which there are more than one copy.
var storageCopies = map[StorageLevel]int32{
	StorageLevelDiskOnly2: 2, StorageLevelDiskOnly3: 3, StorageLevelMemoryOnly2: 2, StorageLevelMemoryOnlySer2: 2,
	StorageLevelMemoryAndDisk2: 2, StorageLevelMemoryAndDiskSer2: 2,
}

// wire gives the level as a message, nil for the default.
func (l StorageLevel) wire() (*wire.StorageLevel, error) {
	if l == "" {
		return nil, nil
	}
	name, copies := l, int32(1)
	if n, ok := storageCopies[l]; ok {
		name, copies = l[:len(l)-len("_2")], n
	}
	f, ok := storageFlags[name]
	if !ok {
		return nil, fmt.Errorf("%q is no storage level; write one such as %s or %s", string(l), StorageLevelMemoryAndDisk, StorageLevelDiskOnly)
	}
	return &wire.StorageLevel{
		UseDisk: f.disk, UseMemory: f.memory, UseOffHeap: f.offHeap, Deserialized: f.deserialized, Replication: copies,
	}, nil
}

// storageLevelOf gives the name of a level, and a description of one that has
// none.
func storageLevelOf(level *wire.StorageLevel) StorageLevel {
	have := storageFlagSet{disk: level.GetUseDisk(), memory: level.GetUseMemory(), offHeap: level.GetUseOffHeap(), deserialized: level.GetDeserialized()}
	if !have.disk && !have.memory {
		return StorageLevelNone
	}
	for name, f := range storageFlags {
		if f != have {
			continue
		}
		if level.GetReplication() <= 1 {
			return name
		}
		if many := name + StorageLevel(fmt.Sprintf("_%d", level.GetReplication())); storageCopies[many] == level.GetReplication() {
			return many
		}
	}
	return StorageLevel(fmt.Sprintf("StorageLevel(disk=%t, memory=%t, offHeap=%t, deserialized=%t, replication=%d)",
		have.disk, have.memory, have.offHeap, have.deserialized, level.GetReplication()))
}
