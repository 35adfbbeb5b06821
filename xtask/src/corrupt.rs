//! Images of a lock's flash, damaged and doctored.

use keyward_testkit::lives::corrupt::Images;

/// Damages a hundred thousand images, or as many as are asked for.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let count: u64 = match arguments {
        [] => 100_000,
        [flag, number] if flag == "--images" => {
            number.parse().map_err(|_| format!("{number}: not a number"))?
        }
        _ => return Err("usage: cargo xtask corrupt [--images N]".into()),
    };
    println!(
        "Bits, bytes, units and pages of a lock's flash are flipped, overwritten, blanked, moved,"
    );
    println!("or put back from an older image; what blanks a page or puts an older image back is");
    println!("told by a hardware counter, the rest without.");
    let report = Images::<4>::new(11).damage(count);
    println!("images: {}", report.images);
    println!("refused: {}", report.refused);
    println!("unharmed: {}", report.unharmed);
    println!("unclaimed: {}", report.unclaimed);
    report.wrong.iter().take(20).for_each(|wrong| println!("  {wrong}"));
    println!("wrong_accepts: {}", report.wrong.len());
    if report.wrong.is_empty() { Ok(()) } else { Err("a damaged state was believed".into()) }
}
