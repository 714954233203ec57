#!/bin/bash
# Makes the sample store's pictures in assets/photos/ from the photographs of Debian's package lomiri-wallpapers-16.04:
# cropped, scaled and converted as the table says. Whose they are is in PHOTOS.md. Pictures that exist are left alone.
set -euo pipefail
cd "$(dirname "$0")/.."

FROM=/usr/share/backgrounds
TO=assets/photos

# picture                    photograph                             crop (w:h:x:y)      height
PICTURES='
mountains-trail.jpg          picosdeeuropa_by_Aitzol_Berasategi     3264:2176:0:200     1600
mountains-trail-tall.jpg     picosdeeuropa_by_Aitzol_Berasategi     1836:2448:500:0     2400
mountains-autumn.png         aitzgorri_by_Aitzol_Berasategi         3088:2056:0:0       1200
mountains-sunset.webp        sunset_by_Aitzol_Berasategi            4272:2848:0:0       1600
dandelions.jpg               seeding_by_Clements_Engelhardt         5312:2988:0:0       1600
dandelions-tall.webp         seeding_by_Clements_Engelhardt         2241:2988:440:0     2400
dandelions-far.png           seeding_by_Clements_Engelhardt         2800:2100:2450:300  1200
spaniels-tall.jpg            friends_by_Aitzol_Berasategi           2056:3088:0:0       2400
spaniels.webp                friends_by_Aitzol_Berasategi           2056:1370:0:640     1370
spaniels-close.png           friends_by_Aitzol_Berasategi           1200:1600:380:560   1600
fig.jpg                      Picture_0B_by_freespace                2572:1740:0:0       1740
fig-tall.webp                Picture_0B_by_freespace                1305:1740:780:0     1740
fig-close.png                Picture_0B_by_freespace                1350:1000:800:450   1000
brook.webp                   life_by_Aitzol_Berasategi              3088:2056:0:0       1600
brook-tall.jpg               life_by_Aitzol_Berasategi              1542:2056:600:0     2056
brook-falls.png              life_by_Aitzol_Berasategi              1500:1000:650:950   1000
room-tall.jpg                Wine_by_Jakkub_Mede                    2560:3837:0:0       2400
room-drum.webp               Wine_by_Jakkub_Mede                    2560:1707:0:1750    1600
room-table-tall.png          Wine_by_Jakkub_Mede                    1400:1866:900:330   1600
'

mkdir -p "$TO"
while read -r picture photograph crop height; do
	[[ -z $picture || -e $TO/$picture ]] && continue
	case $picture in
	*.jpg) options=(-q:v 3) ;;
	*.webp) options=(-quality 88) ;;
	*.png) options=(-pix_fmt rgb24) ;;
	esac
	ffmpeg -nostdin -v error -y -i "$FROM/$photograph.jpg" -frames:v 1 -map_metadata -1 \
		-vf "crop=$crop,scale=-2:$height:flags=lanczos" "${options[@]}" "$TO/new-$picture"
	mv "$TO/new-$picture" "$TO/$picture"
done <<<"$PICTURES"
