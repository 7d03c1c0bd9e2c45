// Package loan is 信易贷: credit that reaches the village. Banks publish products, a borrower asks several at once and compares
// what they offer, the bank of her choice pays out, and the instalments are followed to the last fen. The bank decides; the platform
// passes on what the borrower agreed to, keeps the clocks, and never grants or refuses a loan.
package loan
