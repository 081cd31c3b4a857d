// What merges CPU profiles, with its own library beside ours: make profile runs
// it.
module profile

go 1.26.6

require github.com/google/pprof v0.0.0-20261105003125-4bf881d7fb0b
