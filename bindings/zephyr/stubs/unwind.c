// What Rust's `core` for a machine with an operating system names, and a panic that aborts never
// calls.
void rust_eh_personality(void);

void rust_eh_personality(void)
{
}
