// This only tells the package which system library to find with pkg-config; what is used of it is in Shim/include/CPq.h.
