/* The one function of bcryptprimitives.dll that Go's runtime calls, for Wine before 8.13, which lacks that library. */
__declspec(dllimport) unsigned char __stdcall SystemFunction036(void *data, unsigned long size); /* RtlGenRandom */

__declspec(dllexport) int ProcessPrng(unsigned char *data, unsigned long long size) { return SystemFunction036(data, size); }
