// segmentsRodata, laid out as the compiler lays a BigStruct out: A, B, C; the address and length of
// D, E, F; G, H, I in the first bytes of the last word. Data only, so any architecture of 64 bits.

#include "textflag.h"

DATA letters<>+0(SB)/8, $"ABCDEFHI"
DATA letters<>+8(SB)/1, $"J"
GLOBL letters<>(SB), NOPTR|RODATA, $9

DATA ·segmentsRodata+0(SB)/8, $123
DATA ·segmentsRodata+8(SB)/8, $456
DATA ·segmentsRodata+16(SB)/8, $789
DATA ·segmentsRodata+24(SB)/8, $letters<>+0(SB)
DATA ·segmentsRodata+32(SB)/8, $3
DATA ·segmentsRodata+40(SB)/8, $letters<>+3(SB)
DATA ·segmentsRodata+48(SB)/8, $3
DATA ·segmentsRodata+56(SB)/8, $letters<>+6(SB)
DATA ·segmentsRodata+64(SB)/8, $3
DATA ·segmentsRodata+72(SB)/1, $1
DATA ·segmentsRodata+73(SB)/1, $1
DATA ·segmentsRodata+74(SB)/1, $1
GLOBL ·segmentsRodata(SB), RODATA, $80
