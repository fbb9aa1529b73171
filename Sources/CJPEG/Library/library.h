// This only tells the package which system library to find with pkg-config; nothing imports it. The one file that
// includes the library's headers is Shim/cjpeg.c.
